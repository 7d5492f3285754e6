import { ROLE_NAMES, ROLES, type Role } from "./roles.js";
import { mappedFunctions } from "./selectors.js";

/** The role data as the Markdown table in `docs/deployment.md`, which a test compares with it. */
export function rolesTable(): string {
  const rows = ROLE_NAMES.map((name) => {
    const role = ROLES[name];
    const functions = mappedFunctions()
      .filter((mapped) => mapped.role === name)
      .map(({ target, functions }) => functions.map((each) => `\`${target}.${each}\``).join(", "));
    return [name, String(role.id), functions.join(", "), delayOf(role), cancellersOf(role)];
  });
  const head = ["Role", "Id", "Functions", "Delay", "Who cancels"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function delayOf({ executionDelay, held }: Role): string {
  if (!held) return "ADMIN's";
  return executionDelay === 0 ? "none" : `${executionDelay / 86_400} d`;
}

function cancellersOf({ executionDelay, guardian, held }: Role): string {
  if (held && executionDelay === 0) return "nothing to cancel";
  return guardian === "ADMIN" ? "ADMIN" : `${guardian}, ADMIN`;
}
