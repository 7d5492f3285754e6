import type { Wanted } from "../lib/operations/ceremony.js";
import { describeCall } from "../lib/operations/in-words.js";
import type { Manifest, Step } from "../lib/operations/manifest.js";
import { DEVICES, type DeviceModel } from "../lib/signers/screens.js";
import type { Signer } from "../lib/signers/signer.js";

const MODELS = Object.keys(DEVICES) as DeviceModel[];

/** What somebody is about to sign: what it does, its hashes, and line by line what the device is going to show. */
export function formatWanted(
  { names }: Manifest,
  { step, signing }: Wanted,
  { kind, address }: Pick<Signer, "kind" | "address">,
  count: string,
): string {
  const who = (account: string) => (account in names ? `${names[account]} (${account})` : account);
  const via = signing.onBehalfOf.map((safe) => `, for the Safe ${who(safe)}`).join("");
  const hashes =
    signing.kind === "message"
      ? [`  domain hash  ${signing.domainSeparator}`, `  message hash ${signing.messageHash}`]
      : [];
  return [
    `Signing ${count}: ${step.id}${step.branch === "ready" ? ", to be kept ready" : ""}: ${step.title}`,
    `  of ${who(step.account)}, nonce ${step.nonce}, signed by ${address}${via}`,
    ...formatCalled(step),
    ...hashes,
    `  signed hash  ${signing.digest}`,
    ...MODELS.filter((model) => model.startsWith(kind)).flatMap((model) =>
      screens(model, signing.screens[model]),
    ),
  ].join("\n");
}

/** What a step does, from its bytes: titles are only what somebody wrote over it. */
export const formatCalled = ({ call }: Pick<Step, "call">): string[] => [
  "  It calls",
  ...describeCall(call, undefined, "  "),
];

/** What a person compares with what the others have, and what each step does. */
export const formatContent = ({ digest, operation, steps }: Manifest): string =>
  [
    `Operation ${operation.name}, digest ${digest}`,
    ...steps.flatMap((step) => [
      `  ${step.id}${step.branch === "ready" ? ", to be kept ready" : ""}: ${step.title}`,
      ...formatCalled(step).map((line) => `  ${line}`),
    ]),
  ].join("\n");

const screens = (model: DeviceModel, shown: readonly (readonly string[])[] = []): string[] => [
  `  A ${DEVICES[model].name} shows (${DEVICES[model].note})`,
  ...shown.flatMap((lines) => lines.map((line, i) => `  ${i === 0 ? "┌" : "│"} ${line}`)),
];
