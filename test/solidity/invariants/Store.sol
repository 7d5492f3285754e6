// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Payment} from "../../../contracts/types/PaymentTypes.sol";

/// @title What should be true by now: counted by the handlers, compared with the chain by the rules
contract Store {
    /// @param toSeller What somebody entitled decided that the seller is paid, fee included.
    /// @param toBuyer What somebody entitled decided that the buyer is paid back.
    /// @param released By how much seller and fee recipient became richer.
    /// @param fees By how much the fee recipient became richer.
    /// @param refunded By how much the buyer became richer.
    struct Entry {
        uint256 deposited;
        uint256 toSeller;
        uint256 toBuyer;
        uint256 released;
        uint256 fees;
        uint256 refunded;
        uint256 feeBps;
        bool closed;
    }

    struct Movement {
        uint256 time;
        uint256 amount;
    }

    /// @dev A time during which guardians paused exits.
    struct Interval {
        uint256 from;
        uint256 to;
    }

    /// @notice Makes the same fuzzed inputs mean something else in every campaign: EDR gives all the same seed.
    bytes32 public immutable salt;

    bytes32[] private _ids;
    bytes32[] private _open;
    mapping(bytes32 id => Payment) private _payments;
    mapping(bytes32 id => Entry) private _entries;
    mapping(address token => Movement[]) private _operatorMovements;
    Interval[] private _exitPauses;

    /// @notice By how much an account should have become richer since the beginning.
    mapping(address token => mapping(address account => int256)) public gains;
    /// @notice What lies in the escrow and belongs to nobody.
    mapping(address token => uint256) public surplus;
    /// @notice When a pause should have ended at the latest.
    mapping(uint8 bit => uint256) public pausedUntil;
    /// @notice How often a handler's function did what it is for.
    mapping(address handler => mapping(bytes4 selector => uint256)) public successes;
    /// @notice A rule that a handler saw broken, by its number, and how.
    mapping(uint256 rule => string) public breaches;

    constructor(bytes32 salt_) {
        salt = salt_;
    }

    // ---------------------------------------------------------------------------------------------- payments

    function created(bytes32 id, Payment calldata payment) external {
        _ids.push(id);
        _open.push(id);
        _payments[id] = payment;
        _entries[id].deposited = payment.amount;
        _entries[id].feeBps = payment.feeBps;
        gains[payment.token][payment.buyer] -= int256(payment.amount);
    }

    function decided(bytes32 id, uint256 toSeller, uint256 toBuyer) external {
        _entries[id].toSeller += toSeller;
        _entries[id].toBuyer += toBuyer;
    }

    function seen(bytes32 id, uint256 sellerGain, uint256 fee, uint256 buyerGain) external {
        Payment storage payment = _payments[id];
        Entry storage entry = _entries[id];
        entry.released += sellerGain + fee;
        entry.fees += fee;
        entry.refunded += buyerGain;
        gains[payment.token][payment.seller] += int256(sellerGain);
        gains[payment.token][payment.feeRecipient] += int256(fee);
        gains[payment.token][payment.buyer] += int256(buyerGain);
    }

    function closed(bytes32 id) external {
        _entries[id].closed = true;
        for (uint256 i = 0; i < _open.length; ++i) {
            if (_open[i] != id) continue;
            _open[i] = _open[_open.length - 1];
            _open.pop();
            return;
        }
    }

    // ------------------------------------------------------------------------------------------- other money

    function credited(address token, address from, address to, uint256 amount) external {
        gains[token][from] -= int256(amount);
        gains[token][to] += int256(amount);
    }

    function donated(address token, uint256 amount) external {
        surplus[token] += amount;
    }

    function swept(address token, address to, uint256 amount) external {
        surplus[token] -= amount;
        gains[token][to] += int256(amount);
    }

    function operatorMoved(address token, uint256 time, uint256 amount) external {
        _operatorMovements[token].push(Movement(time, amount));
    }

    // ------------------------------------------------------------------------------------------------ pauses

    function paused(uint8 bit, uint256 until) external {
        if (until > pausedUntil[bit]) pausedUntil[bit] = until;
    }

    function exitsPaused(uint256 from, uint256 to) external {
        uint256 length = _exitPauses.length;
        if (length == 0 || _exitPauses[length - 1].to < from) {
            _exitPauses.push(Interval(from, to));
        } else if (_exitPauses[length - 1].to < to) {
            _exitPauses[length - 1].to = to;
        }
    }

    function unpaused(uint8 bit, uint256 time) external {
        if (pausedUntil[bit] > time) pausedUntil[bit] = time;
    }

    function exitsUnpaused(uint256 time) external {
        uint256 length = _exitPauses.length;
        if (length != 0 && _exitPauses[length - 1].to > time) _exitPauses[length - 1].to = time;
    }

    // -------------------------------------------------------------------------------------------------- counts

    function succeeded(bytes4 selector) external {
        ++successes[msg.sender][selector];
    }

    function breached(uint256 rule, string calldata how) external {
        breaches[rule] = how;
    }

    // --------------------------------------------------------------------------------------------------- views

    function ids() external view returns (bytes32[] memory) {
        return _ids;
    }

    function open() external view returns (bytes32[] memory) {
        return _open;
    }

    function paymentOf(bytes32 id) external view returns (Payment memory) {
        return _payments[id];
    }

    function tokenOf(bytes32 id) external view returns (address) {
        return _payments[id].token;
    }

    function entryOf(bytes32 id) external view returns (Entry memory) {
        return _entries[id];
    }

    function operatorMovements(address token) external view returns (Movement[] memory) {
        return _operatorMovements[token];
    }

    function exitPauses() external view returns (Interval[] memory) {
        return _exitPauses;
    }
}
