// Asking the API: JSON in and out, problems as errors, and the key where this house asks for one.

import { askForKey, keyHeaders } from "./key.js";
import { t } from "./i18n.js";

/** What the API refused, in its own words (problem+json). */
export class Problem extends Error {
  constructor(said) {
    super(said.detail);
    Object.assign(this, { type: said.type ?? "", title: said.title ?? "", detail: said.detail ?? "", status: said.status ?? 0, errors: said.errors ?? [] });
  }
}

/** The JSON of a good answer; null where it has none.
 *
 * `body` is a FormData, or anything that becomes JSON. Throws Problem; of status 0 where nobody answered,
 * and lets AbortError through. */
export async function ask(path, { method = "GET", body, headers = {}, signal } = {}) {
  const form = body instanceof FormData;
  const sent = body === undefined || form ? body : JSON.stringify(body);
  const type = sent !== undefined && !form ? { "Content-Type": "application/json" } : {};
  const answer = await request(path, { method, body: sent, signal, headers: { ...type, ...headers } });
  return answer.status === 204 ? null : answer.json();
}

/** An address that <img> or <video> can fetch: itself, or where a key is needed its bytes as a blob URL. */
export async function media(path) {
  if (!Object.keys(keyHeaders()).length) return path;
  const answer = await request(path, {});
  return URL.createObjectURL(await answer.blob());
}

async function request(path, options) {
  const answer = await fetch(path, { ...options, headers: { ...options.headers, ...keyHeaders() } }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Problem({ title: t("no-answer"), detail: t("no-answer-detail"), type: "" });
  });
  if (answer.status === 401 && await askForKey()) return request(path, options);
  if (answer.ok) return answer;
  throw new Problem(await answer.json().catch(() => ({ title: answer.statusText, detail: t("no-answer-detail"), status: answer.status })));
}
