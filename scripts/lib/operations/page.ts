import { DEVICES, type DeviceModel } from "../signers/screens.js";
import { describeCall } from "./in-words.js";
import type { AccountInManifest, Manifest, Signing, Step } from "./manifest.js";
import { formatDuration, formatTime } from "./units.js";

type Change = Step["changes"][number];

/** A manifest as a page for people: what they are asked to sign, why, and what they will see on their devices. */
export function formatPage(manifest: Manifest): string {
  const { operation, chainId, plannedAt, expiresAt, digest, cautions, steps } = manifest;
  const ready = steps.filter(({ branch }) => branch === "ready");
  const pages = new Pages(manifest);
  return `${[
    `# ${prose(operation.title)}`,
    prose(operation.reason),
    table(
      ["", ""],
      [
        ["operation", prose(`${operation.verb}: ${operation.name}`)],
        ["chain", String(chainId)],
        ["planned", `${formatTime(plannedAt.time)}, on block ${plannedAt.block} (${plannedAt.hash})`],
        ["first step by", formatTime(expiresAt)],
        ["digest", code(digest)],
      ],
    ),
    "Compare the digest with the one that the others have: it stands for every byte of `manifest.json`.",
    ...(cautions.length === 0
      ? []
      : ["## Before you sign", cautions.map((caution) => `- ${prose(caution)}`).join("\n")]),
    "## Who acts",
    table(
      ["account", "holds", "kind", "nonce"],
      manifest.accounts.map((account) => pages.account(account)),
    ),
    "## Code",
    table(
      ["proxy", "before", "after"],
      manifest.proxies.map(({ name, address, before, after }) => [
        `${name} ${code(address)}`,
        formatCode(before),
        before.codehash === after.codehash ? "the same" : formatCode(after),
      ]),
    ),
    "## Steps",
    ...steps.filter(({ branch }) => branch === "main").map((step) => pages.step(step)),
    ...(ready.length === 0
      ? []
      : [
          "## Kept ready",
          "Signed in the same ceremony, for when it goes wrong. Each is there several times with successive nonces: if " +
            "other transactions of the account use some of them up, the next one still works.",
          ...ready.map((step) => pages.step(step)),
        ]),
  ].join("\n\n")}\n`;
}

class Pages {
  constructor(private readonly manifest: Manifest) {}

  account(account: AccountInManifest): string[] {
    const kind =
      account.kind === "key"
        ? "a key"
        : `Safe ${account.tree.state.version}, ${account.tree.state.threshold} of ${account.tree.state.owners.map(code).join(", ")}`;
    return [this.#who(account.address), account.roles.join(", "), kind, String(account.nonce)];
  }

  step(step: Step): string {
    const { transaction } = step;
    return [
      `### ${step.id}`,
      prose(step.title),
      table(
        ["", ""],
        [
          ["by", `${this.#who(step.account)} as ${step.role}, nonce ${step.nonce}`],
          ["when", formatWhen(step)],
          ...(step.safeTxHash === null ? [] : [["safeTxHash", code(step.safeTxHash)]]),
        ],
      ),
      describeCall(step.call, { mark: code, prose }).join("\n"),
      `It changes:`,
      table(
        ["where", "what", "from", "to"],
        step.changes.map((change) => [
          prose(change.contract),
          code(change.name),
          this.#value(change, change.before),
          this.#value(change, change.after),
        ]),
      ),
      details(
        "The transaction, byte for byte",
        fence([`to    ${transaction.to}`, `value ${transaction.value}`, `data  ${transaction.data}`]),
      ),
      ...step.signing.map((signing) => this.#signing(signing)),
    ].join("\n\n");
  }

  #value({ name, type }: Change, value: Change["before"]): string {
    if (typeof value !== "string") {
      const { timeOf, plusSeconds } = value;
      return plusSeconds === 0 ? `the time of ${timeOf}` : `${formatDuration(plusSeconds)} after ${timeOf}`;
    }
    if (type === "address" || type.startsWith("contract "))
      return BigInt(value) === 0n ? "none" : this.#who(value);
    if (/(until|since|timepoint|effect|At)$/i.test(name) && Number(value) > 1e9)
      return formatTime(Number(value));
    if (/\.delay\.(before|after)$|Delay\.(before|after)$|_window$/.test(name))
      return formatDuration(Number(value));
    return code(value);
  }

  #signing({ signers, onBehalfOf, digest, screens, ...rest }: Signing): string {
    const path = onBehalfOf.length === 0 ? "" : `, for the Safe ${onBehalfOf.map(code).join(", then ")}`;
    const hashes =
      rest.kind === "message"
        ? [
            `domain hash  ${rest.domainSeparator}`,
            `message hash ${rest.messageHash}`,
            `signed hash  ${digest}`,
          ]
        : [`signed hash  ${digest}`];
    return [
      `Signed by ${signers.map((signer) => this.#who(signer)).join(", ")}${path}:`,
      fence(hashes),
      ...Object.entries(screens).map(([model, shown]) => {
        const { name, note } = DEVICES[model as DeviceModel];
        return details(`On a ${name}`, [note, ...shown.map((screen) => fence(screen))].join("\n\n"));
      }),
    ].join("\n\n");
  }

  #who(address: string): string {
    const name = this.manifest.names[address];
    return name === undefined ? code(address) : `${prose(name)} ${code(address)}`;
  }
}

function formatWhen({ notBefore, notAfter }: Step): string {
  const parts = [
    notBefore === null
      ? ""
      : notBefore.seconds === 0
        ? `after ${notBefore.step}`
        : `at the earliest ${formatDuration(notBefore.seconds)} after ${notBefore.step}`,
    notAfter === null ? "" : `within ${formatDuration(notAfter.seconds)} of ${notAfter.step}`,
  ].filter(Boolean);
  return parts.join(", ") || "at any time";
}

const formatCode = ({ contract, version, implementation, codehash }: Manifest["proxies"][number]["before"]) =>
  `${prose(`${contract} ${version}`)} at ${code(implementation)}, codehash ${code(codehash)}`;

/**
 * Free text as text: whoever wrote a reason, or a name on the chain, must not hide the rest of the page in a comment, a
 * fence or a link, nor add to it.
 */
const prose = (text: string) => text.replaceAll(/[\\`<&[\]~$]/g, "\\$&");
/** As in {@link prose}; what holds the sign that ends it is set off by more of them. */
const code = (text: string) => {
  const longest = Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
  if (longest === 0) return `\`${text}\``;
  const ticks = "`".repeat(longest + 1);
  return `${ticks} ${text} ${ticks}`;
};
const fence = (lines: readonly string[]) => ["```", ...lines, "```"].join("\n");
const details = (summary: string, content: string) =>
  `<details>\n<summary>${summary}</summary>\n\n${content}\n\n</details>`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
