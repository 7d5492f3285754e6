// SPDX-License-Identifier: MIT
// solhint-disable one-contract-per-file
pragma solidity 0.8.37;

import {TurnableToken} from "./TurnableToken.sol";

/// @title Uses up all the gas it is given
contract BurnsGas is TurnableToken {
    function _update(address from, address to, uint256 value) internal override {
        if (turned) {
            assembly {
                invalid()
            }
        }
        super._update(from, to, value);
    }
}

/// @title Moves everything, and answers with `true` and 300,000 bytes more
contract ReturnsBomb is TurnableToken {
    function transfer(address to, uint256 value) public override returns (bool answer) {
        answer = super.transfer(to, value);
        if (turned) _bomb();
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool answer) {
        answer = super.transferFrom(from, to, value);
        if (turned) _bomb();
    }

    function _bomb() private pure {
        assembly {
            mstore(0x00, 1)
            return(0x00, 300000)
        }
    }
}

/// @title Reverts with 300,000 bytes of explanation
contract RevertsWithBomb is TurnableToken {
    function _update(address from, address to, uint256 value) internal override {
        if (turned) {
            assembly {
                revert(0x00, 300000)
            }
        }
        super._update(from, to, value);
    }
}

/// @title Moves nothing and returns `false` if it is given less gas than it wants; uses much to tell what one owns
contract GivesUpWhenStarved is TurnableToken {
    /// @dev Gas with which it still moves, out of the 300,000 that the escrow grants a push.
    uint256 private constant APPETITE = 297_000;
    /// @dev Touching memory here costs some 94,000 gas, out of the 100,000 that the escrow grants for a balance.
    uint256 private constant FAR_AWAY = 6_200 * 32;

    function transfer(address to, uint256 value) public override returns (bool) {
        return gasleft() >= APPETITE && super.transfer(to, value);
    }

    function balanceOf(address account) public view override returns (uint256) {
        if (account == _msgSender()) {
            assembly {
                mstore(FAR_AWAY, 1)
            }
        }
        return super.balanceOf(account);
    }
}
