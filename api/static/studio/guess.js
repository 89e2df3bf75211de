// Which language a text is in: by its script, then by letters and small words that give it away.

const SCRIPTS = [
  ["ja", /[\u3040-\u30ff]/g], ["ko", /[\uac00-\ud7af]/g], ["cmn", /[\u4e00-\u9fff]/g], ["el", /[\u0370-\u03ff\u1f00-\u1fff]/g],
  ["he", /[\u0590-\u05ff]/g], ["hy", /[\u0530-\u058f]/g], ["ka", /[\u10a0-\u10ff]/g], ["am", /[\u1200-\u137f]/g], ["th", /[\u0e00-\u0e7f]/g],
  ["my", /[\u1000-\u109f]/g], ["bn", /[\u0980-\u09ff]/g], ["pa", /[\u0a00-\u0a7f]/g], ["gu", /[\u0a80-\u0aff]/g], ["or", /[\u0b00-\u0b7f]/g],
  ["ta", /[\u0b80-\u0bff]/g], ["te", /[\u0c00-\u0c7f]/g], ["kn", /[\u0c80-\u0cff]/g], ["ml", /[\u0d00-\u0d7f]/g], ["si", /[\u0d80-\u0dff]/g],
  ["hi", /[\u0900-\u097f]/g], ["ar", /[\u0600-\u06ff]/g], ["ru", /[\u0400-\u04ff]/g], ["en", /[a-z\u00c0-\u024f\u1e00-\u1eff]/gi],
];

// Letters that only these languages of a script have, the most telling first.
const LETTERS = {
  ru: [["kk", /[әғқңұһ]/gi], ["tt", /[җ]/gi], ["uk", /[їєґ]/gi], ["be", /[ў]/gi], ["sr", /[ђћџјљњ]/gi], ["mk", /[ѓќѕ]/gi], ["ky", /[ңөү]/gi]],
  ar: [["ur", /[ٹڈڑےں]/g], ["fa", /[پچژگ]/g]],
  hi: [["mr", /[ळ]/g]],
  en: [["vi", /[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]/gi], ["pl", /[ąęłśźż]/gi], ["tr", /[ğış]/gi], ["ro", /[ățș]/gi], ["cs", /[ěřů]/gi],
    ["hu", /[őű]/gi], ["is", /[þð]/gi], ["de", /[ß]/gi], ["pt", /[ãõ]/gi], ["es", /[ñ¿¡]/gi], ["lv", /[āēīūķļņ]/gi], ["lt", /[ėįųū]/gi], ["eo", /[ĉĝĥĵŝŭ]/gi]],
};

const WORDS = {
  en: "the and is are you of to in that it for this with hello my name",
  de: "der die das und ist ich nicht ein eine mit zu den auf wir sie es hallo guten",
  fr: "le la les et est je vous un une des que pas pour dans bonjour nous il elle mon",
  es: "el la los las y es que de en un una por con para hola no mi se como",
  it: "il la gli e è che di un una per con non sono ciao mi della sono questo",
  pt: "o a os as e é que de um uma para com não olá do da em meu isso",
  nl: "de het een en is van ik niet dat je hallo met voor op zijn wij",
  sv: "och det är jag en ett att inte på som hej med för vi du",
  da: "og det er jeg en et at ikke på som hej med for vi af",
  nb: "og det er jeg en et at ikke på som hei med for vi av",
  fi: "ja on ei että se minä hei olen tämä oli mutta kun niin",
  pl: "i w nie na to jest się z że do cześć jak ja dzień",
  cs: "a je se na to že v ne jsem dobrý den ahoj s jak",
  tr: "ve bir bu için ben merhaba ne çok da de var değil mi",
  ro: "și este nu un o în la cu pe bună salut sunt eu care",
  hu: "a az és nem egy hogy van ez szia jó is meg én",
  id: "yang dan di ini itu dengan untuk saya tidak adalah halo dari kami",
  sw: "na ya wa ni kwa habari jambo hii yangu jina katika",
  ru: "и в не на что это я он как с по мы вы привет мой меня но",
  uk: "і в не на що це я він як з по ми ви привіт мій мене але та",
  bg: "и в не на че това аз той как с по ние вие здравей е да се",
  sr: "и у не на да је се ја он како са ми ви здраво али",
};
const SPLIT = { ru: ["ru", "uk", "bg", "sr"], en: Object.keys(WORDS).filter((code) => !["ru", "uk", "bg", "sr"].includes(code)) };
const ENOUGH = 4; // letters; fewer say nothing

/** The code of the language that `text` seems to be in, as /api/v1/voices names it; null where it cannot be told. */
export function guessLanguage(text) {
  const sample = text.slice(0, 2000);
  const [script, letters] = best(SCRIPTS.map(([code, pattern]) => [code, count(sample, pattern)]));
  if (script === "ja" ? !letters : letters < (["cmn", "ko"].includes(script) ? 2 : ENOUGH)) return null;
  const points = new Map((LETTERS[script] ?? []).map(([code, pattern]) => [code, 2 * count(sample, pattern)]));
  const spoken = sample.toLowerCase().match(/[\p{L}]+/gu) ?? [];
  for (const code of SPLIT[script] ?? []) {
    const known = new Set(WORDS[code].split(" "));
    points.set(code, (points.get(code) ?? 0) + spoken.filter((word) => known.has(word)).length);
  }
  const [language, sure] = best([...points]);
  if (sure > 0) return language;
  return script === "en" ? null : script; // Latin letters alone are no language
}

const count = (text, pattern) => text.match(pattern)?.length ?? 0;

/** The pair with the greatest number; the first of equals. */
const best = (pairs) => pairs.reduce((a, b) => (b[1] > a[1] ? b : a), [null, 0]);
