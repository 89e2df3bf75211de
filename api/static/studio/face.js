// Whose lips move: the shipped avatar, a face that the house keeps, or a picture that is dropped now.

import { ask, media } from "../api.js";
import { $, make } from "../dom.js";
import { onLanguage, t } from "../i18n.js";
import { complain, uncomplain } from "./complaints.js";
import { onDrop } from "./drop.js";
import { landmarkEditor } from "./landmarks.js";
import { announce } from "./announce.js";

const FACES = "/api/v1/faces";
const SHOWN = 8; // faces in the row
const KEPT = "lipchord.face";
const SAVE_AFTER = 400; // ms after the last move of a point
let faces = []; // FaceViews, newest first
let chosen = null; // one of them; null: the avatar
let pending = null; // {file, kind}: a picture that is being looked at
let saving = 0; // timer of a correction that is not sent yet
let changed = () => {};
let editor = null;

/** Wire the stage's face side; `onChange` is called when another face, or a moved point, is chosen. */
export async function startFace(onChange) {
  changed = onChange;
  editor = landmarkEditor($("landmarks"), (points) => { clearTimeout(saving); saving = setTimeout(save, SAVE_AFTER, chosen.id, points); tools(); });
  $("face").addEventListener("change", () => { if ($("face").files[0]) takeFace($("face").files[0]); $("face").value = ""; });
  $("faces").addEventListener("change", ({ target }) => choose(faces.find((face) => face.id === target.value) ?? null));
  $("undo").addEventListener("click", () => editor.undo());
  $("forget").addEventListener("click", forget);
  $("dots").addEventListener("change", () => $("landmarks").classList.toggle("plain", !$("dots").checked));
  for (const radio of document.querySelectorAll("[name=zoom]")) radio.addEventListener("change", () => editor.zoom(radio.value));
  onDrop($("stage"), takeFace);
  faces = (await ask(`${FACES}?limit=${SHOWN}`).catch(() => ({ faces: [] }))).faces;
  onLanguage(row);
  choose(faces.find((face) => face.id === remembered()) ?? null);
}

/** Fields of a job: {face: …}, or {} for the avatar. */
export const face = () => (chosen ? { face: chosen.id } : {});

/** Whether a picture is still being looked at, or a correction still on its way. */
export const faceIsPending = () => pending !== null || saving !== 0;

/** Choose the face that an earlier job had, where the house still keeps it. */
export function faceAgain(request) {
  choose(faces.find((each) => each.id === request.face) ?? null);
}

/** The picture of a job's face: an address, or null where nobody keeps one. */
export async function pictureOf(request) {
  if (!request.face) return $("avatar").src;
  return request.face.startsWith("face_") ? media(`${FACES}/${request.face}/picture`).catch(() => null) : null;
}

/** A picture or a video, from wherever it came: looked at at once, and kept. */
export async function takeFace(file) {
  uncomplain("face");
  pending = { file };
  $("stage").dispatchEvent(new CustomEvent("face"));
  show();
  announce(t("face-looking"));
  const body = new FormData();
  body.append("face", file);
  try {
    const found = await ask(FACES, { method: "POST", body });
    faces = [found, ...faces.filter((each) => each.id !== found.id)].slice(0, SHOWN);
    pending = null;
    row();
    choose(found);
    announce(t("face-found"));
  } catch (problem) {
    pending = null;
    show();
    complain(problem.errors?.length || !problem.type ? problem : Object.assign(problem, { errors: [{ field: "face", detail: problem.detail.replace(/^`face`: /, "") }] }));
  }
}

function choose(next) {
  chosen = next;
  try { sessionStorage.setItem(KEPT, chosen?.id ?? ""); } catch { /* for this page only */ }
  uncomplain("face");
  for (const radio of $("faces").querySelectorAll("input")) radio.checked = radio.value === (chosen?.id ?? "");
  document.querySelector("[name=zoom][value=all]").checked = true;
  $("stage").dispatchEvent(new CustomEvent("face"));
  show();
  changed();
}

/** Show what is chosen or looked at, with its tools. */
async function show() {
  const [own, looked] = [chosen, pending];
  $("avatar").hidden = own !== null || looked !== null;
  $("landmarks").toggleAttribute("hidden", own === null || looked !== null);
  $("looked-at").hidden = looked === null;
  if (looked) {
    const visible = looked.file.type.startsWith("image/");
    $("looked-at-picture").hidden = !visible;
    if (visible) $("looked-at-picture").src = URL.createObjectURL(looked.file);
  } else if (own) {
    const address = await media(own.links.picture).catch(() => "");
    if (chosen === own) editor.show(own, address);
  }
  tools();
}

function tools() {
  $("face-tools").hidden = chosen === null || pending !== null;
  $("undo").disabled = !editor.canUndo();
  $("face-warnings").replaceChildren(...(chosen?.warnings ?? []).map((text) => make("li", { textContent: text })));
  $("face-warnings").hidden = !chosen?.warnings.length || pending !== null;
}

async function save(id, landmarks) {
  try {
    const said = await ask(`${FACES}/${id}`, { method: "PATCH", body: { landmarks } });
    faces = faces.map((each) => (each.id === id ? said : each));
    if (chosen?.id === id) chosen = said;
    uncomplain("face");
    announce(t("points-kept"));
  } catch (problem) {
    complain(Object.assign(problem, { errors: [{ field: "face", detail: problem.detail }] }));
  } finally {
    saving = 0;
    changed();
  }
}

async function forget() {
  const gone = chosen;
  try {
    await ask(gone.links.self, { method: "DELETE" });
  } catch (problem) { complain(problem); return; }
  faces = faces.filter((each) => each.id !== gone.id);
  row();
  choose(null);
  $("faces").querySelector("input").focus();
}

function row() {
  const avatar = thumb("", $("avatar").src, t("face-avatar"));
  const tiles = faces.map((each, i) => thumb(each.id, null, t("face-number", { n: faces.length - i, when: new Date(each.created_at).toLocaleString(document.documentElement.lang) })));
  $("faces").replaceChildren(avatar, ...tiles);
  faces.forEach(async (each, i) => { tiles[i].querySelector("img").src = await media(each.links.picture).catch(() => ""); });
}

function thumb(id, src, name) {
  const radio = make("input", { type: "radio", name: "face-choice", value: id, checked: id === (chosen?.id ?? ""), class: "unseen" });
  return make("label", { class: "thumb", title: name }, radio, make("img", { alt: "", width: 56, height: 56, loading: "lazy", ...(src ? { src } : {}) }), make("span", { class: "unseen", textContent: name }));
}

function remembered() {
  try { return sessionStorage.getItem(KEPT); } catch { return null; }
}
