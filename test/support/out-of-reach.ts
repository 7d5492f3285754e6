/** Errors and events to which a path leads in the code that no call can take, and in which functions. */
export const OUT_OF_REACH = [
  {
    what: "SafeCastOverflowedUintDowncast",
    in: /./,
    because: "times fit 40 bits until the year 36812, and the 104 bits of a payout fit a credit's 128",
  },
  {
    what: "InvalidPauseBits",
    in: /^(deposit|release|refund|claim|settle|withdrawCredit|paused$|canAct)/,
    because: "these ask about a part by its constant",
  },
  { what: "InvalidInitialization", in: /^constructor$/, because: "there is nothing to initialize twice" },
  { what: "NotInitializing", in: /^initialize$/, because: "OpenZeppelin's initializers run inside of it" },
  { what: "AddressEmptyCode", in: /^multicall$/, because: "the contract calls itself, which has code" },
  { what: "UnlistedWithData", in: /^submitAttestation$/, because: "an attestation always clears" },
  { what: "EscrowNotSet", in: /^selfTest$/, because: "it asks an escrow only if there is one" },
  { what: "PaymentRefunded", in: /^release$/, because: "it pays the seller only" },
  { what: "PaymentReleased", in: /^refund$/, because: "it pays the buyer only" },
];

/** Whether a call of a function can end in an error, or emit an event, to which a path leads in its code. */
export const isInReach = (what: string, functionName: string) =>
  !OUT_OF_REACH.some((excuse) => excuse.what === what && excuse.in.test(functionName));
