// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {DEPOSITS, EXITS} from "../../../contracts/types/PauseTypes.sol";
import {PaymentState, PaymentStatus, TokenTotals} from "../../../contracts/types/PaymentTypes.sol";
import {Officers} from "./Officers.sol";
import {Store} from "./Store.sol";
import {Suite} from "./Suite.sol";

/// @title What must hold, always: each rule compares the chain with what the store says should be true by now
contract Rules {
    using Strings for uint256;

    Suite private immutable suite;
    Store private immutable store;
    IEscrow private immutable escrow;

    constructor(Suite suite_, Store store_) {
        suite = suite_;
        store = store_;
        escrow = suite_.escrow();
    }

    /// @notice 1. What the escrow has is what it holds, what it owes and what nobody owns. Its totals are the sums.
    function solvency() external view {
        _requireUnbreached(1);
        address[] memory tokens = suite.tokens();
        uint256[] memory held = _heldByToken();
        for (uint256 i = 0; i < tokens.length; ++i) {
            TokenTotals memory totals = escrow.tokenTotals(tokens[i]);
            _requireEqual(1, "total held", totals.held, held[i]);
            _requireEqual(1, "total credits", totals.credits, _creditsOf(tokens[i]));
            _requireEqual(
                1,
                "balance",
                suite.balanceOf(tokens[i], address(escrow)),
                totals.held + totals.credits + store.surplus(tokens[i])
            );
        }
    }

    /// @notice 2. Held, released and refunded are the amount; nothing is paid twice; what is closed stays as it is.
    function conservation(bytes32[] calldata ids) external view {
        _requireUnbreached(2);
        _requireEqual(
            2,
            "entries by reentry",
            suite.reentrantWallet().entries() + suite.turncoat().entries(),
            0
        );
        PaymentState[] memory states = escrow.paymentStates(ids);
        for (uint256 i = 0; i < ids.length; ++i) {
            Store.Entry memory entry = store.entryOf(ids[i]);
            _requireEqual(2, "released", entry.released, states[i].released);
            _requireEqual(
                2,
                "held, released and refunded",
                states[i].held + entry.released + entry.refunded,
                entry.deposited
            );
            bool closed = states[i].status == PaymentStatus.Closed;
            if (closed != entry.closed || closed != (states[i].held == 0)) {
                _fail(2, "a payment is not closed exactly when it holds nothing");
            }
        }
    }

    /// @notice 3. Whoever is left alone with a payment empties it in time: see EscapeHandler, which tries.
    function noDeadlock() external view {
        _requireUnbreached(3);
    }

    /// @notice 4. Money went where somebody entitled decided, to the unit, and operators stayed within their limits.
    function decision(bytes32[] calldata ids) external view {
        _requireUnbreached(4);
        for (uint256 i = 0; i < ids.length; ++i) {
            Store.Entry memory entry = store.entryOf(ids[i]);
            _requireEqual(4, "decided for the seller", entry.released, entry.toSeller);
            _requireEqual(4, "decided for the buyer", entry.refunded, entry.toBuyer);
        }
        address[] memory tokens = suite.tokens();
        for (uint256 i = 0; i < tokens.length; ++i) {
            _checkWealth(tokens[i], suite.parties(), suite.FORTUNE());
            _checkWealth(tokens[i], suite.feeRecipients(), 0);
            _checkOutflow(tokens[i]);
        }
    }

    /// @notice 4, the part that can wait for the end, because officers never spend: none of them gained anything but the
    /// treasury, and that only surplus.
    function disinterest() external view {
        address[] memory tokens = suite.tokens();
        for (uint256 i = 0; i < tokens.length; ++i) _checkWealth(tokens[i], Officers.all(), 0);
    }

    /// @notice 5. The fee is what was signed, of what was released in all, however many pieces it was released in.
    function fee(bytes32[] calldata ids) external view {
        for (uint256 i = 0; i < ids.length; ++i) {
            Store.Entry memory entry = store.entryOf(ids[i]);
            _requireEqual(5, "fee", entry.fees, (entry.released * entry.feeBps) / 10_000);
        }
    }

    /// @notice 6. No pause lasts longer than was asked for, and in any 14 days guardians keep exits paused for at most 7.
    function pauseEnds() external view {
        for (uint8 bit = DEPOSITS; bit <= EXITS; bit <<= 1) {
            uint256 until = escrow.pausedUntil(bit);
            _requireEqual(6, "end of a pause", until, store.pausedUntil(bit));
            bool isPaused = escrow.paused() & bit != 0;
            if (isPaused != (block.timestamp < until)) _fail(6, "a pause outlives its end");
        }
        Store.Interval[] memory pauses = store.exitPauses();
        if (pauses.length == 0) return;
        uint256 end = pauses[pauses.length - 1].to;
        uint256 paused;
        for (uint256 i = pauses.length; i > 0 && pauses[i - 1].to + 14 days > end; --i) {
            uint256 from = pauses[i - 1].from;
            if (from + 14 days < end) from = end - 14 days;
            paused += pauses[i - 1].to - from;
        }
        _requireAtMost(6, "seconds of paused exits in 14 days", paused, 7 days);
    }

    function _heldByToken() private view returns (uint256[] memory held) {
        address[] memory tokens = suite.tokens();
        bytes32[] memory ids = store.open();
        PaymentState[] memory states = escrow.paymentStates(ids);
        held = new uint256[](tokens.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            address token = store.tokenOf(ids[i]);
            for (uint256 j = 0; j < tokens.length; ++j) {
                if (tokens[j] == token) held[j] += states[i].held;
            }
        }
    }

    function _creditsOf(address token) private view returns (uint256 credits) {
        credits = _sumCredits(token, suite.parties()) + _sumCredits(token, suite.feeRecipients());
    }

    function _sumCredits(address token, address[] memory accounts) private view returns (uint256 credits) {
        for (uint256 i = 0; i < accounts.length; ++i) {
            credits += escrow.creditOf(token, accounts[i]);
        }
    }

    /// @dev Everybody has what they began with and what the store says they gained.
    function _checkWealth(address token, address[] memory accounts, uint256 start) private view {
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 expected = uint256(int256(start) + store.gains(token, accounts[i]));
            _requireEqual(4, "wealth", suite.wealthOf(token, accounts[i]), expected);
        }
    }

    /// @dev What refills while it is used up can double it within one window, and no more.
    function _checkOutflow(address token) private view {
        Store.Movement[] memory movements = store.operatorMovements(token);
        uint256 moved;
        for (uint256 i = movements.length; i > 0; --i) {
            if (movements[i - 1].time + suite.OUTFLOW_WINDOW() < movements[movements.length - 1].time) break;
            moved += movements[i - 1].amount;
        }
        uint256 most = 2 * uint256(suite.OUTFLOW_LIMIT());
        _requireAtMost(4, "moved by operators within a window", moved, most);
    }

    function _requireEqual(uint256 rule, string memory what, uint256 found, uint256 expected) private pure {
        if (found != expected) _fail(rule, _compare(what, found, expected));
    }

    function _requireAtMost(uint256 rule, string memory what, uint256 found, uint256 most) private pure {
        if (found > most) _fail(rule, _compare(what, found, most));
    }

    function _requireUnbreached(uint256 rule) private view {
        string memory breach = store.breaches(rule);
        if (bytes(breach).length != 0) _fail(rule, breach);
    }

    /// @dev In words, because a fuzzer does not decode the errors of the contracts that a test calls.
    function _fail(uint256 rule, string memory how) private pure {
        // solhint-disable-next-line gas-custom-errors
        revert(string.concat("Rule ", rule.toString(), " is broken: ", how));
    }

    function _compare(
        string memory what,
        uint256 found,
        uint256 expected
    ) private pure returns (string memory) {
        return string.concat(what, " is ", found.toString(), " instead of ", expected.toString());
    }
}
