import type { IncidentStack } from "./stack/stack.js";

/** Variables of the shell, by name. */
export type Known = Readonly<Record<string, string>>;

/** Something that goes wrong on a stack, and how it is put right: data, in `incidents/`. */
export interface Incident {
  /** What it is chosen by. */
  readonly name: string;
  /** What happens, as whoever sees it would say. */
  readonly happens: string;
  /** Why it cannot happen here, or nothing if it can. */
  readonly unavailable?: string;
  /** The runbook that puts it right, by its file's name. */
  readonly runbook: string;
  /** The alert that has to tell of it; nothing if people do. */
  readonly alert?: string;
  /**
   * Whether the alert looks back so far that it rings on for long after the end. Then only the times to the alert and to
   * the end of the runbook are measured.
   */
  readonly ringsOn?: string;
  /** Which of the blocks that are only for some cases are for this one. */
  readonly cases?: readonly string[];
  /** How many days ago the chain has to have begun, at least. */
  readonly daysAgo?: number;
  /** Whether it is that no block comes; otherwise one comes now and then while people answer. */
  readonly chainStands?: true;
  /** What people do by hand, by the names that the page gives it. */
  readonly byHand?: Readonly<Record<string, (stack: IncidentStack) => Promise<unknown>>>;
  /**
   * Makes it happen, on a stack to which nothing else or any other incident happened before. Returns what whoever follows
   * the runbook has to know: the variables that it needs.
   */
  readonly cause: (stack: IncidentStack) => Promise<Known | void>;
  /** What must hold in the end besides what the runbook looks at. Mends nothing. Throws if it does not hold. */
  readonly check?: (stack: IncidentStack) => Promise<void>;
  /** Lets go by what would stand in the way of another incident on the same stack. */
  readonly afterwards?: (stack: IncidentStack) => Promise<void>;
}
