/*
 * The bill of materials: what `npm sbom` says, made so that the same lockfile gives the same bytes. Plain JavaScript without
 * dependencies.
 */
const TYPES = [
  "application",
  "framework",
  "library",
  "container",
  "platform",
  "operating-system",
  "device",
  "file",
];
/** Hexadecimal digits of each kind of hash in CycloneDX. */
const HASHES = { "SHA-1": 40, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128 };
const SPECS = ["1.4", "1.5", "1.6"];

/**
 * Leaves out when and by which npm it was made and under which folder's name, and sorts what has no order.
 *
 * @param {object} bom
 * @param {{ name: string, version: string }} manifest package.json
 */
export function normalise(bom, { name, version }) {
  const { serialNumber, metadata, components = [], dependencies = [], ...rest } = bom;
  const { timestamp, tools, component, ...about } = metadata ?? {};
  void [serialNumber, timestamp, tools];
  return {
    ...rest,
    metadata: { ...about, component: { ...component, name, version } },
    components: sortedBy(components, "bom-ref"),
    dependencies: sortedBy(
      dependencies.map((one) => ({ ...one, dependsOn: [...(one.dependsOn ?? [])].sort() })),
      "ref",
    ),
  };
}

const sortedBy = (items, key) => [...items].sort((one, other) => (one[key] < other[key] ? -1 : 1));

/**
 * What keeps a document from being a CycloneDX bill of materials of npm packages, in sentences.
 *
 * @param {unknown} bom
 * @returns {string[]}
 */
export function findBomFaults(bom) {
  if (typeof bom !== "object" || bom === null) return ["It is no JSON object."];
  const { bomFormat, specVersion, version, components, dependencies, metadata } = bom;
  const faults = [];
  if (bomFormat !== "CycloneDX") faults.push(`Its bomFormat is ${bomFormat}.`);
  if (!SPECS.includes(specVersion)) faults.push(`Its specVersion is ${specVersion}.`);
  if (!Number.isInteger(version) || version < 1) faults.push("It has no version.");
  if (!Array.isArray(components) || components.length === 0) return [...faults, "It has no components."];
  const refs = components.map((component) => component["bom-ref"]);
  const known = new Set([...refs, metadata?.component?.["bom-ref"]]);
  if (new Set(refs).size < refs.length) faults.push("Two of its components have one bom-ref.");
  return [
    ...faults,
    ...components.flatMap(findComponentFaults),
    ...(Array.isArray(dependencies) ? dependencies : []).flatMap(({ ref, dependsOn = [] }) =>
      [ref, ...dependsOn]
        .filter((name) => !known.has(name))
        .map((name) => `${name} is depended on, and is no component.`),
    ),
  ];
}

function findComponentFaults({ "bom-ref": ref, type, name, version, purl, hashes = [] }) {
  return [
    ...(TYPES.includes(type) ? [] : [`${ref} has the type ${type}.`]),
    ...([ref, name, version].every((text) => typeof text === "string" && text !== "")
      ? []
      : [`${ref ?? name} lacks its bom-ref, name or version.`]),
    ...(String(purl).startsWith("pkg:npm/") ? [] : [`${ref} has the purl ${purl}.`]),
    ...hashes.flatMap(({ alg, content }) =>
      HASHES[alg] === String(content).length && /^[0-9a-f]*$/i.test(content)
        ? []
        : [`${ref} has a hash that is no ${alg}.`],
    ),
  ];
}
