import { id } from "ethers";

/** JSON with sorted keys and nothing between its tokens: the same content is always the same text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, content]) => content !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([key, content]) => `${JSON.stringify(key)}:${canonicalJson(content)}`).join(",")}}`;
}

/** keccak256 of the content, by which an operation is known to those who rehearse, sign and execute it. */
export const digestOf = (content: object) => id(canonicalJson({ ...content, digest: undefined }));

/** Where two contents differ first, as `steps.0.call.function`; nothing if they do not. */
export function firstDifference(one: unknown, other: unknown, path = ""): string | undefined {
  if (canonicalJson(one) === canonicalJson(other)) return undefined;
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null;
  if (!isObject(one) || !isObject(other) || Array.isArray(one) !== Array.isArray(other)) return path;
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const within = firstDifference(one[key], other[key], path === "" ? key : `${path}.${key}`);
    if (within !== undefined) return within;
  }
  return path;
}
