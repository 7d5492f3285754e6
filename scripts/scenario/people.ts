import { HDNodeWallet, Mnemonic, toQuantity, parseEther } from "ethers";

import type { HeldRole, Holders } from "../../deploy/index.js";
import { Fault } from "../../deploy/fault.js";
import type { LocalProvider } from "./world.js";

/** The mnemonic that anvil and Hardhat start with. Everybody knows it: its accounts may hold nothing of worth. */
const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const OFFICER_CANDIDATES = 20;
const GAS_MONEY = parseEther("10000");

export type Person = HDNodeWallet;

/** Everybody who acts in the scenario, with keys that are the same in every run. */
export class People {
  readonly #officers = new Map<HeldRole, Person>();
  readonly #accounts: HDNodeWallet;
  readonly #provider: LocalProvider;

  private constructor(provider: LocalProvider) {
    this.#provider = provider;
    // A BIP-44 account of its own for buyers and sellers: the first belongs to the officers.
    this.#accounts = HDNodeWallet.fromMnemonic(MNEMONIC, "m/44'/60'/1'/0");
  }

  /**
   * Finds the keys of those who hold roles, and gives them money for gas. Roles that nobody is named for do not act.
   *
   * @throws {@link Fault} if a holder's key is not one of the well-known ones.
   */
  static async gather(provider: LocalProvider, holders: Partial<Holders>): Promise<People> {
    const people = new People(provider);
    const known = HDNodeWallet.fromMnemonic(MNEMONIC, "m/44'/60'/0'/0");
    const candidates = Array.from({ length: OFFICER_CANDIDATES }, (_, i) => known.deriveChild(i));
    for (const [role, [address]] of Object.entries(holders) as [HeldRole, readonly string[]][]) {
      const officer = candidates.find((candidate) => candidate.address === address);
      if (officer === undefined)
        throw new Fault(`The scenario has no key for ${address}, which holds ${role}.`);
      people.#officers.set(role, await people.#fund(officer));
    }
    return people;
  }

  /** Who holds a role. */
  officer(role: HeldRole): Person {
    return this.#officers.get(role)!;
  }

  /** The person of a number, the same one in every run, with money for gas. */
  async numbered(n: number): Promise<Person> {
    return await this.#fund(this.#accounts.deriveChild(n));
  }

  async #fund(person: Person): Promise<Person> {
    await this.#provider.send("hardhat_setBalance", [person.address, toQuantity(GAS_MONEY)]);
    return person.connect(this.#provider);
  }
}
