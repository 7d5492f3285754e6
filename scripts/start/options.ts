import { Fault } from "../../deploy/fault.js";

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

/**
 * Checks what the command line could not.
 *
 * @throws {@link Fault} that names the option, what was given and what it takes.
 */
export function checkOptions(options: StartOptions): StartOptions {
  const { payments, port, chainPort, rpc } = options;
  if (payments < 0) throw new Fault(`--payments takes a whole number from 0 on, not ${payments}.`);
  requirePort("--port", port);
  requirePort("--chain-port", chainPort);
  if (rpc === undefined && port === chainPort) {
    throw new Fault(`--port and --chain-port are both ${port}; the indexer and the chain need one each.`);
  }
  if (rpc !== undefined && !["http:", "https:"].includes(protocolOf(rpc))) {
    throw new Fault(`--rpc takes an http or https URL like http://127.0.0.1:8545, not ${rpc}.`);
  }
  return options;
}

function requirePort(option: string, port: number): void {
  if (port < 1 || port > 65_535) throw new Fault(`${option} takes a port from 1 to 65535, not ${port}.`);
}

const protocolOf = (url: string) => (URL.canParse(url) ? new URL(url).protocol : "");
