// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev New deposits.
uint8 constant DEPOSITS = 1;
/// @dev Releases and refunds by an operator.
uint8 constant PAYOUTS = 2;
/// @dev Every way out: release, refund, claim, settle, withdrawCredit. Not resolve, because an arbiter's window runs
/// on while exits are paused, and not disputes, which move nothing.
uint8 constant EXITS = 4;

/// @dev Guardians cannot keep exits paused for longer without the delayed path of CONFIGURATOR.
uint40 constant MAX_EXITS_PAUSE = 7 days;
