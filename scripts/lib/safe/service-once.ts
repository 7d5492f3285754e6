import { ServiceDown } from "./service-answer.js";
import type { TransactionService } from "./service.js";

/**
 * The same service, asked for signatures no more once it was found out of order: whoever looks at a dozen steps would wait
 * for it a dozen times, with everything that is needed in the operation's folder.
 *
 * @param tell Told once what is the matter.
 */
export function askedOnce(service: TransactionService, tell: (sentence: string) => void): TransactionService {
  let down: ServiceDown | undefined;
  let first: Promise<unknown> | undefined;
  const signatures: TransactionService["signatures"] = async (transaction) => {
    if (down !== undefined) throw down;
    try {
      return await service.signatures(transaction);
    } catch (error) {
      if (error instanceof ServiceDown && down === undefined) {
        down = error;
        tell(`${error.message} It is not asked any more; what is in the operation's folder counts.`);
      }
      throw error;
    }
  };
  return {
    ...service,
    signatures: async (transaction) => {
      // All that come at once wait for what the first one meets.
      if (first !== undefined) await first.catch(() => {});
      const answer = signatures(transaction);
      first ??= answer;
      return await answer;
    },
  };
}
