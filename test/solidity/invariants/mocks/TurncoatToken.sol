// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title An allow-listed token that turns on its holders, and back, whenever it likes
contract TurncoatToken is ERC20 {
    enum Mode {
        Honest,
        ReturnsFalse,
        Reverts,
        BurnsGas,
        Reenters,
        TakesFeeOnDeposit,
        KeepsSayingTrue,
        PaysSayingFalse,
        MovesHalf
    }

    Mode public mode;
    uint256 public entries;
    bytes private _reentry;

    error Turned();

    constructor() ERC20("Turncoat", "TURN") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setMode(Mode newMode) external {
        mode = newMode;
    }

    function arm(bytes calldata reentry) external {
        _reentry = reentry;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (mode == Mode.ReturnsFalse) return false;
        if (mode == Mode.Reverts) revert Turned();
        if (mode == Mode.BurnsGas) {
            assembly {
                invalid()
            }
        }
        if (mode == Mode.Reenters) _reenter();
        if (mode == Mode.KeepsSayingTrue) return true;
        // Of a single unit all of it, so that patience empties every credit.
        uint256 moved = mode == Mode.MovesHalf ? amount - amount / 2 : amount;
        return super.transfer(to, moved) && mode != Mode.PaysSayingFalse;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (mode == Mode.Reenters) _reenter();
        if (mode == Mode.TakesFeeOnDeposit) _burn(from, 1);
        return super.transferFrom(from, to, mode == Mode.TakesFeeOnDeposit ? amount - 1 : amount);
    }

    function _reenter() private {
        // solhint-disable-next-line avoid-low-level-calls
        (bool entered, ) = msg.sender.call(_reentry);
        if (_reentry.length != 0 && entered) ++entries;
    }
}
