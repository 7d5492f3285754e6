import { Fault } from "../../deploy/fault.js";

/** What `npm start` was asked for, as it was typed. */
export interface StartArguments {
  once: boolean;
  payments: string;
  port: string;
  chainPort: string;
  rpc?: string;
}

/** What `npm start` was asked for. */
export interface StartOptions {
  /** Ends with a comparison instead of staying. */
  once: boolean;
  /** How many payments the scenario creates. */
  payments: number;
  /** Where the indexer answers. */
  port: number;
  /** Where the local chain listens that is started; of no use with `rpc`. */
  chainPort: number;
  /** A chain that runs already. */
  rpc?: string;
}

const PORTS = { min: 1, max: 65_535 };
const MANY = 1_000_000;

/**
 * Checks what was typed. Hardhat could check numbers too, but not their range, and on CI it adds a stack trace.
 *
 * @throws {@link Fault} that names the option, what was given and what it takes.
 */
export function parseOptions({ once, payments, port, chainPort, rpc }: StartArguments): StartOptions {
  const options = {
    once,
    payments: wholeNumber("--payments", payments, { min: 0, max: MANY }),
    port: wholeNumber("--port", port, PORTS),
    chainPort: wholeNumber("--chain-port", chainPort, PORTS),
    rpc,
  };
  if (rpc === undefined && options.port === options.chainPort) {
    throw new Fault(`--port and --chain-port are both ${port}; the indexer and the chain need one each.`);
  }
  if (rpc !== undefined && !["http:", "https:"].includes(protocolOf(rpc))) {
    throw new Fault(`--rpc takes an http or https URL like http://127.0.0.1:8545, not ${rpc}.`);
  }
  return options;
}

function wholeNumber(option: string, typed: string, { min, max }: { min: number; max: number }): number {
  const number = /^\d+$/.test(typed) ? Number(typed) : NaN;
  if (number >= min && number <= max) return number;
  throw new Fault(`${option} takes a whole number from ${min} to ${max}, not ${typed}.`);
}

const protocolOf = (url: string) => (URL.canParse(url) ? new URL(url).protocol : "");
