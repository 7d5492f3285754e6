import { Fault } from "../../../deploy/fault.js";

/** What somebody was asked for was clearly refused: nothing was signed, and nothing sent. */
export class Declined extends Fault {}
