import type { DocumentNode } from "graphql";

/**
 * All remembered questions have no more characters than this. Read, one takes up to some hundred bytes a character, and
 * whoever sends them chooses how many and how long.
 */
const MOST_CHARACTERS = 250_000;

/** Those that are longer are read anew each time. */
const LONGEST = 5_000;

/** Remembers the questions that were asked last, as they were read. */
export function readQuestions() {
  /** In the order in which they were asked. */
  const remembered = new Map<string, DocumentNode>();
  const texts = new WeakMap<DocumentNode, string>();
  let characters = 0;
  const drop = (question: string) => {
    if (remembered.delete(question)) characters -= question.length;
  };
  return {
    get(question: string): DocumentNode | undefined {
      const read = remembered.get(question);
      if (read) {
        remembered.delete(question);
        remembered.set(question, read);
      }
      return read;
    },
    set(question: string, read: DocumentNode): void {
      drop(question);
      if (question.length > LONGEST) return;
      remembered.set(question, read);
      texts.set(read, question);
      characters += question.length;
      for (const oldest of remembered.keys()) {
        if (characters <= MOST_CHARACTERS) break;
        drop(oldest);
      }
    },
    /** What is wrong with a question may take more room than the question. */
    forget: (read: DocumentNode) => drop(texts.get(read) ?? ""),
  };
}
