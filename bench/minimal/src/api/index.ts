import { Hono } from "hono";

/** Ponder wants one; its own `/ready`, `/status` and `/metrics` are all that is asked here. */
export default new Hono();
