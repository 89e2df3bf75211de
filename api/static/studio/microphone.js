// A recording from the microphone: starts and stops, shows how loud it is, and says in words why it cannot.

import { $ } from "../dom.js";
import { onLanguage, seconds, t } from "../i18n.js";

const LONGEST = 600; // seconds
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
let running = null; // {recorder, stop}: while it records

/** Wire the recorder's button; `done(file)` gets each finished recording. */
export function startMicrophone(done) {
  $("record").addEventListener("click", () => (running ? running.recorder.stop() : record(done)));
  onLanguage(label);
}

async function record(done) {
  say("");
  if (!navigator.mediaDevices?.getUserMedia || !globalThis.MediaRecorder) return say(t(isSecureContext ? "mic-unknown" : "mic-insecure"));
  $("record").disabled = true;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
    running = listen(stream, done);
  } catch (error) {
    say(t({ NotAllowedError: "mic-refused", NotFoundError: "mic-missing", NotReadableError: "mic-taken" }[error.name] ?? "mic-failed"));
  } finally {
    $("record").disabled = false;
    label();
  }
}

function listen(stream, done) {
  const type = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
  const recorder = new MediaRecorder(stream, type ? { mimeType: type } : {});
  const parts = [];
  const meter = showLevel(stream);
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  recorder.addEventListener("stop", () => {
    meter();
    for (const track of stream.getTracks()) track.stop();
    running = null;
    label();
    const kind = recorder.mimeType.split(";")[0];
    const file = new File(parts, `recording.${kind.split("/")[1]}`, { type: kind });
    if (file.size) done(file);
    else say(t("mic-failed"));
  });
  recorder.start(1000);
  return { recorder };
}

/** Draw the level and the time until the function that it returns is called. */
function showLevel(stream) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const began = performance.now();
  let frame = 0;
  const draw = () => {
    analyser.getFloatTimeDomainData(samples);
    const loudness = Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length);
    const level = Math.min(1, Math.max(0, 1 + Math.log10(loudness + 1e-6) / 2.2)); // 0: -44 dB
    $("level").style.setProperty("--level", level.toFixed(3));
    const passed = (performance.now() - began) / 1000;
    $("recorded").textContent = seconds(Math.floor(passed));
    if (passed > LONGEST) running?.recorder.stop();
    frame = requestAnimationFrame(draw);
  };
  draw();
  return () => {
    cancelAnimationFrame(frame);
    $("level").style.setProperty("--level", 0);
    context.close();
  };
}

function label() {
  $("record").classList.toggle("recording", running !== null);
  $("record-words").textContent = t(running ? "mic-stop" : "mic-start");
}

function say(words) {
  $("microphone-complaint").textContent = words;
  $("microphone-complaint").hidden = !words;
}
