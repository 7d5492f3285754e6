/** A URL may contain somebody's key. */
export const withoutUrls = (text: string) => text.replaceAll(/\w+:\/\/\S+/g, "<url>");

/** Somebody else's words, fit for a terminal: without control characters, and not too many. */
export const plain = (text: string) =>
  text
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .slice(0, 300);
