/**
 * As `fetch`, for questions that may be asked twice: a connection that the other side closed while it was idle, in the
 * moment that we used it again, is no answer.
 */
export const fetchAgain: typeof fetch = (...request) => fetch(...request).catch(() => fetch(...request));
