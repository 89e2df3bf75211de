// Renders /openapi.json: operations, examples as curl, schemas. No library, no network but this service.

const make = (tag, attributes = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), attributes);
  node.append(...children);
  return node;
};
const prose = (text = "") => text.split("`").map((part, i) => (i % 2 ? make("code", { textContent: part }) : part));
const refName = (schema) => schema.$ref?.split("/").pop();

function typeOf(schema = {}) {
  const name = refName(schema);
  if (name) return [make("a", { href: `#schema-${name}`, textContent: name })];
  if (schema.anyOf) return schema.anyOf.flatMap((option, i) => [...(i ? [" or "] : []), ...typeOf(option)]);
  if (schema.type === "array") return ["list of ", ...typeOf(schema.items)];
  if (schema.contentMediaType) return ["file"];
  return [schema.enum ? schema.enum.join(" | ") : (schema.format ?? schema.type ?? "any")];
}

function limits(schema) {
  const one = schema.anyOf?.find((option) => option.type !== "null") ?? schema;
  const words = [];
  if (one.minimum != null) words.push(`from ${one.minimum}`);
  if (one.maximum != null) words.push(`to ${one.maximum}`);
  if (one.maxLength != null) words.push(`at most ${one.maxLength} characters`);
  if (schema.default != null && schema.default !== "") words.push(`default ${JSON.stringify(schema.default)}`);
  if (schema.examples?.length) words.push(`such as ${schema.examples.map((e) => JSON.stringify(e)).join(", ")}`);
  return words.join(", ");
}

function fieldTable(fields) {
  const rows = fields.map(([name, where, schema, required]) => make("tr", {},
    make("td", {}, make("code", { textContent: name }), required ? " *" : ""),
    make("td", { textContent: where }), make("td", {}, ...typeOf(schema)),
    make("td", {}, ...prose(schema.description), " ", make("span", { className: "hint", textContent: limits(schema) }))));
  return make("table", {}, make("tbody", {}, ...rows));
}

function curl(method, path, type, value) {
  const parts = [`curl${method === "GET" ? "" : ` -X ${method}`} ${location.origin}${path}`];
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  if (type === "application/json") parts.push(`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(value))}`);
  if (type === "multipart/form-data") parts.push(...Object.entries(value).map(([name, text]) => `-F ${quoted(`${name}=${text}`)}`), "-F face=@me.jpg");
  if (path.endsWith("/video") || path.startsWith("/api/generate")) parts.push("-o talking.mp4");
  return parts.join(" \\\n  ");
}

function copyable(text) {
  const button = make("button", { type: "button", className: "quiet copy", textContent: "Copy" });
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  return make("div", {}, button, make("pre", { tabIndex: 0 }, make("code", { textContent: text })));
}

function requestParts(method, path, operation) {
  const content = Object.entries(operation.requestBody?.content ?? {});
  if (!content.length) return [make("h3", { textContent: "Try it" }), copyable(curl(method, path))];
  return content.flatMap(([type, media]) => [
    make("h3", {}, "Body ", make("code", { textContent: type }), ": ", ...typeOf(media.schema)),
    ...Object.values(media.examples ?? {}).flatMap((example) => [
      make("p", { className: "hint" }, ...prose(example.summary)), copyable(curl(method, path, type, example.value)),
    ]),
  ]);
}

function answers(responses) {
  return Object.entries(responses).map(([status, answer]) => {
    const kinds = Object.entries(answer.content ?? {});
    const types = kinds.flatMap(([type, media]) => [make("code", { textContent: ` ${type} ` }), ...typeOf(media.schema)]);
    const headers = Object.keys(answer.headers ?? {});
    const row = make("tr", {}, make("td", { textContent: status }),
      make("td", {}, ...prose(answer.description), headers.length ? make("span", { className: "hint", textContent: ` Headers: ${headers.join(", ")}` }) : ""),
      make("td", {}, ...types));
    const example = kinds[0]?.[1].example;
    return example ? [row, make("tr", {}, make("td"), make("td", { colSpan: 2 }, make("details", {},
      make("summary", { textContent: "Example" }), make("pre", { tabIndex: 0 }, JSON.stringify(example, null, 2)))))] : [row];
  }).flat();
}

function operationCard(path, method, operation) {
  const parameters = operation.parameters.map((p) => [p.name, p.in, { ...p.schema, description: p.description, examples: [p.example] }, p.required]);
  return make("details", { className: "card", id: operation.operationId },
    make("summary", {}, make("span", { className: "method", textContent: method.toUpperCase() }), make("code", { textContent: path }), ` ${operation.summary}`),
    make("p", {}, ...prose(operation.description)),
    ...(parameters.length ? [make("h3", { textContent: "Parameters" }), fieldTable(parameters)] : []),
    ...requestParts(method.toUpperCase(), path, operation),
    make("h3", { textContent: "Answers" }), make("table", {}, make("tbody", {}, ...answers(operation.responses))));
}

function schemaCard([name, schema]) {
  const fields = Object.entries(schema.properties ?? {}).map(([field, value]) => [field, "", value, schema.required?.includes(field)]);
  return make("details", { className: "card", id: `schema-${name}` }, make("summary", {}, make("code", { textContent: name })),
    make("p", {}, ...prose(schema.description)), fields.length ? fieldTable(fields) : make("p", {}, ...typeOf(schema)));
}

function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target?.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
}

const spec = await (await fetch("/openapi.json")).json();
const byTag = new Map();
for (const [path, methods] of Object.entries(spec.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const tag = operation.tags?.[0] ?? "Other";
    byTag.set(tag, [...(byTag.get(tag) ?? []), operationCard(path, method, operation)]);
  }
}
const groups = spec.tags.map((tag) => tag.name).filter((name) => byTag.has(name));
document.getElementById("operations").replaceChildren(...groups.flatMap((tag) => [make("h2", { textContent: tag }), ...byTag.get(tag)]));
document.getElementById("operations").ariaBusy = "false";
document.getElementById("schemas").replaceChildren(...Object.entries(spec.components.schemas).map(schemaCard));
addEventListener("hashchange", openTarget);
openTarget();
