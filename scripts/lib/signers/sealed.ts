import { Fault } from "../../../deploy/fault.js";

declare const seal: unique symbol;

/** Something that stands in a manifest. Only `sealed` makes one, and only the manifest's own code calls it. */
export type Sealed<Content extends object> = Content & { readonly [seal]: true };

const contents = new WeakSet<object>();

/** Marks what a manifest contains as fit to be signed. Frozen, so that it cannot change between check and signature. */
export function sealed<Content extends object>(content: Content): Sealed<Content> {
  const copy = deepFreeze(structuredClone(content)) as Sealed<Content>;
  contents.add(copy);
  return copy;
}

/** @throws {@link Fault} on anything that did not come out of a manifest, whatever its type claims. */
export function requireSealed(content: object): void {
  if (!contents.has(content)) {
    throw new Fault("Only what stands in a manifest is signed: plan it first with `npx hardhat ops plan`.");
  }
}

function deepFreeze<Content>(content: Content): Content {
  if (typeof content === "object" && content !== null) {
    Object.values(content).forEach(deepFreeze);
    Object.freeze(content);
  }
  return content;
}
