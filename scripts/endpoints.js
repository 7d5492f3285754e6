/*
 * npm run endpoints -- <label> [--labels]: reads the RPC URLs of a chain, separated by commas, and writes those without the
 * one that metrics and alerts call by that label; with --labels their labels, which hold no keys. Exits with 1 and writes
 * nothing if there is no such endpoint, or no other. Plain JavaScript: it is typed at night.
 */
import { readFileSync } from "node:fs";

const [label, option, ...rest] = process.argv.slice(2);
if (!label || rest.length > 0 || ![undefined, "--labels"].includes(option))
  stop("Type: npm run endpoints -- <label> [--labels] < <file of URLs>");

const urls = new Set(
  readFileSync(0, "utf8")
    .split(",")
    .map((url) => url.trim())
    .filter(Boolean),
);
const all = labelled(urls);
const others = all.filter((endpoint) => endpoint.label !== label);
const labels = (endpoints) => endpoints.map((endpoint) => endpoint.label).join(", ") || "none";
if (others.length === all.length) stop(`None of them is ${label}. There are: ${labels(all)}.`);
if (others.length === 0) stop(`There is none but ${label}.`);
console.log(option ? `left: ${labels(others)}` : others.map(({ url }) => url).join(","));

/** As `endpointsOf` of the indexer, which needs what this can do without. */
function labelled(urls) {
  const atHost = new Map();
  return [...urls].map((url) => {
    if (!URL.canParse(url)) stop("One of them is no URL.");
    const { host } = new URL(url);
    const n = (atHost.get(host) ?? 0) + 1;
    atHost.set(host, n);
    return { url, label: n === 1 ? host : `${host}#${n}` };
  });
}

function stop(why) {
  console.error(why);
  process.exit(1);
}
