import { id } from "ethers";

/** Draws that a seed decides: the same seed, the same draws. */
export class Chance {
  #drawn = 0;

  constructor(readonly seed: string) {}

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    const drawn = BigInt(id(`${this.seed}/${this.#drawn++}`));
    return least + Number(drawn % BigInt(most - least + 1));
  }

  oneOf<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new Error("There is nothing to draw from.");
    return items[this.between(0, items.length - 1)]!;
  }

  /** Whether something of a probability in percent happens. */
  percent(probability: number): boolean {
    return this.between(1, 100) <= probability;
  }

  shuffled<Item>(items: readonly Item[]): Item[] {
    const rest = [...items];
    return items.map(() => rest.splice(this.between(0, rest.length - 1), 1)[0]!);
  }
}
