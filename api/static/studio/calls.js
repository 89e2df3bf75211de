// The API call that makes a job, to be copied: as curl and as Python.

const DEFAULTS = {
  language: "en", rate: 165, pitch: 50, generator: "viseme", fps: "25", seed: 0, blink: true, sway: true, paste: "feathered",
  av_offset_frames: 0, rest_in_silence: true, reuse: true,
};

/** The fields of a request that say something: neither empty nor the default. */
export function spoken(request) {
  return Object.fromEntries(Object.entries(request).filter(([name, value]) => value !== null && value !== DEFAULTS[name]
    || (name === "language" && request.text !== null)));
}

/** For a shell; the key, where one is needed, comes from LIPCHORD_API_KEY. */
export function asCurl(request, keyed, origin = location.origin) {
  const body = JSON.stringify(spoken(request)).replaceAll("'", "'\\''");
  const key = keyed ? ' \\\n  -H "Authorization: Bearer $LIPCHORD_API_KEY"' : "";
  return `curl -i ${origin}/api/v1/jobs \\\n  -H 'Content-Type: application/json'${key} \\\n  -d '${body}'\n`;
}

/** For Python, with nothing but its standard library: sends, waits, saves the video. */
export function asPython(request, keyed, origin = location.origin) {
  const key = keyed ? ', "Authorization": "Bearer " + os.environ["LIPCHORD_API_KEY"]' : "";
  return `import json, ${keyed ? "os, " : ""}time, urllib.request

HOUSE = ${python(origin)}
HEADERS = {"Content-Type": "application/json"${key}}


def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    return urllib.request.urlopen(urllib.request.Request(HOUSE + path, data, HEADERS))


job = json.load(ask("/api/v1/jobs", ${python(spoken(request))}))
while job["state"] in ("queued", "running"):
    time.sleep(1)
    job = json.load(ask(job["links"]["self"]))
if job["error"]:
    raise SystemExit(job["error"]["detail"])
with open("talking.mp4", "wb") as file:
    file.write(ask(job["links"]["video"]).read())
`;
}

/** A JSON value as a Python expression; JSON's strings are Python's too, but for its escapes of halves. */
function python(value) {
  if (value === null || value === true || value === false) return { null: "None", true: "True", false: "False" }[value];
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  return `{${Object.entries(value).map(([name, its]) => `${JSON.stringify(name)}: ${python(its)}`).join(", ")}}`;
}
