import { ADVICE, type Findings } from "./findings.js";
import type { Contradiction, StateCheck } from "./state.js";

/** Endpoints that disagree more often than this are not worth asking about each. */
const MOST_OPEN = 1_000;

/** What an endpoint answers otherwise than the events, and what the other one answers, if it does. */
export interface Suspect {
  readonly contradiction: Contradiction;
  /** The endpoint that answers so. */
  readonly rpc: string;
  readonly second?: { readonly name: string; readonly state: string };
}

/** The contracts' state as one endpoint tells it, or two of which neither is believed alone. */
export class Witnesses {
  constructor(
    private readonly findings: Findings,
    private readonly first: StateCheck,
    private readonly second?: StateCheck,
  ) {}

  /** Asks both. Where an endpoint does not contradict the events, on which both agreed before, it answers what follows from them. */
  async *contradictions(ask: (check: StateCheck) => AsyncGenerator<Contradiction>): AsyncGenerator<Suspect> {
    const { first, second } = this;
    if (second === undefined) {
      for await (const contradiction of ask(first)) yield { contradiction, rpc: first.name };
      return;
    }
    for await (const { one, other } of this.#pairs(ask(first), ask(second))) {
      if (one !== undefined) yield suspect(one, first, second, other?.state);
      else yield suspect(other!, second, first);
    }
  }

  /** Nothing if nobody tells, or the two of them tell different things. */
  async balance(token: string): Promise<bigint | undefined> {
    const { first, second } = this;
    const [one, other] = await Promise.all([first.balance(token), second?.balance(token)]);
    if (one === undefined || other === undefined || one === other) return one ?? other;
    this.findings.add({
      outcome: "lookup_failed",
      table: "token",
      key: token,
      field: "balance",
      found: `${first.name} answers ${one}, ${second!.name} ${other}`,
      expected: "the same at both",
      advice: ADVICE.distrust,
    });
    return undefined;
  }

  /** What both say of the same thing, side by side; whatever only one says comes last. */
  async *#pairs(
    ones: AsyncGenerator<Contradiction>,
    others: AsyncGenerator<Contradiction>,
  ): AsyncGenerator<{ one?: Contradiction; other?: Contradiction }> {
    const open = new Map<string, { one?: Contradiction; other?: Contradiction }>();
    while (open.size <= MOST_OPEN) {
      const [one, other] = await Promise.all([ones.next(), others.next()]);
      if (one.done === true && other.done === true) return yield* open.values();
      const given = { one: one.value as Contradiction, other: other.value as Contradiction };
      for (const side of ["one", "other"] as const) {
        if (given[side] === undefined) continue;
        const name = nameOf(given[side]);
        const pair = { ...open.get(name), [side]: given[side] };
        if (pair.one === undefined || pair.other === undefined) {
          open.set(name, pair);
          continue;
        }
        open.delete(name);
        yield pair;
      }
    }
    await Promise.all([ones.return(undefined), others.return(undefined)]);
    this.findings.add({
      outcome: "lookup_failed",
      table: "chain",
      key: "state",
      found: `${this.first.name} and ${this.second!.name} disagree more than ${MOST_OPEN} times`,
      expected: "the same at both",
      advice: ADVICE.distrust,
    });
  }
}

const nameOf = ({ table, key, field }: Contradiction) => `${table} ${key} ${field}`;

/** @param state What the other says, if it contradicts the events as well. */
function suspect(contradiction: Contradiction, by: StateCheck, other: StateCheck, state?: string): Suspect {
  const found = { contradiction, rpc: by.name };
  if (state === undefined && other.isSilentAbout(contradiction)) return found;
  return { ...found, second: { name: other.name, state: state ?? contradiction.events } };
}
