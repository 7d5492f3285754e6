/**
 * What `npm audit` reports, judged by a committed list of what was looked into. Plain JavaScript without dependencies.
 *
 * @typedef {{ advisory: string, package: string, reason: string, expires: string }} Allowed
 * @typedef {{ advisory: string, package: string, severity: string, title: string, url: string }} Advisory
 */

const GHSA = /^GHSA(-[23456789cfghjmpqrvwx]{4}){3}$/;
/** Nothing is allowed for longer than this without being looked at again. */
const MOST_DAYS = 180;
const DAY_MS = 86_400_000;

/**
 * @param {string} text What `npm audit --json` printed.
 * @returns {Advisory[] | undefined} Undefined if it is no report: the registry does not audit, or there is no network.
 */
export function readAudit(text) {
  const report = parse(text);
  if (report?.auditReportVersion !== 2 || typeof report.vulnerabilities !== "object") return undefined;
  const found = new Map();
  for (const { via = [] } of Object.values(report.vulnerabilities)) {
    // A name instead of an advisory stands for what the package inherits from another one.
    for (const advisory of via.filter((cause) => typeof cause === "object")) {
      const { name, severity, title, url } = advisory;
      const id = String(url).split("/").at(-1);
      found.set(`${id} ${name}`, { advisory: id, package: name, severity, title, url });
    }
  }
  return [...found.values()];
}

/**
 * @param {Advisory[]} advisories
 * @param {unknown} list
 * @param {Date} today
 * @returns {{ faults: string[], notices: string[] }}
 */
export function judgeAudit(advisories, list, today) {
  const { faults, allowed } = checkAllowList(list, today);
  const notices = [];
  const used = new Set();
  for (const found of advisories) {
    const entry = allowed.find(
      ({ advisory, package: name }) => advisory === found.advisory && name === found.package,
    );
    const what = `${found.package}: ${found.advisory}, ${found.severity}: ${found.title}`;
    if (entry === undefined) {
      faults.push(
        `${what} (${found.url}). Update it, or look into it and allow it with a reason and a date.`,
      );
      continue;
    }
    used.add(entry);
    if (new Date(entry.expires) <= today)
      faults.push(`${what}: what allows it ended on ${entry.expires}. Look again.`);
    else notices.push(`${what}: allowed until ${entry.expires}: ${entry.reason}`);
  }
  for (const entry of allowed.filter((candidate) => !used.has(candidate)))
    notices.push(
      `${entry.package}: ${entry.advisory} is allowed, and is not reported any more: take it off the list.`,
    );
  return { faults, notices };
}

/** What is wrong with the list itself. Nothing that is malformed allows anything. */
function checkAllowList(list, today) {
  if (!Array.isArray(list)) return { faults: ["The list of what is allowed is no array."], allowed: [] };
  const faults = [];
  const allowed = list.filter((entry, i) => {
    const wrong = faultOf(entry ?? {}, today);
    if (wrong !== undefined) faults.push(`Entry ${i + 1} of what is allowed ${wrong}.`);
    return wrong === undefined;
  });
  return { faults, allowed };
}

function faultOf({ advisory, package: name, reason, expires, ...rest }, today) {
  if (Object.keys(rest).length > 0) return `has ${Object.keys(rest).join(", ")}, which nobody reads`;
  if (!GHSA.test(advisory)) return "names no advisory, such as GHSA-xxxx-xxxx-xxxx";
  if (typeof name !== "string" || name === "") return "names no package";
  if (typeof reason !== "string" || reason.trim().length < 20)
    return "gives no reason that somebody could check";
  if (!/^\d{4}-\d\d-\d\d$/.test(expires) || Number.isNaN(Date.parse(expires)))
    return "has no date on which it expires";
  if (Date.parse(expires) - today.getTime() > MOST_DAYS * DAY_MS)
    return `allows for more than ${MOST_DAYS} days`;
}

export function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
