// SPDX-License-Identifier: MIT
// solhint-disable one-contract-per-file
pragma solidity 0.8.37;

import {TurnableToken} from "./TurnableToken.sol";

/// @title Moves nothing and says so, instead of reverting
contract ReturnsFalse is TurnableToken {
    function transfer(address to, uint256 value) public override returns (bool) {
        return !turned && super.transfer(to, value);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return !turned && super.transferFrom(from, to, value);
    }
}

/// @title Says that it moved nothing, but did
contract ReturnsFalseYetPays is TurnableToken {
    function transfer(address to, uint256 value) public override returns (bool) {
        return super.transfer(to, value) && !turned;
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return super.transferFrom(from, to, value) && !turned;
    }
}

/// @title Says that it moved everything, but moved nothing
contract ReturnsTrueYetKeeps is TurnableToken {
    function transfer(address to, uint256 value) public override returns (bool) {
        return turned || super.transfer(to, value);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return turned || super.transferFrom(from, to, value);
    }
}

/// @title Moves everything and answers with a number that is no boolean
contract ReturnsNoBoolean is TurnableToken {
    function transfer(address to, uint256 value) public override returns (bool answer) {
        answer = super.transfer(to, value);
        if (turned) _answerTwo();
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool answer) {
        answer = super.transferFrom(from, to, value);
        if (turned) _answerTwo();
    }

    function _answerTwo() private pure {
        assembly {
            mstore(0x00, 2)
            return(0x00, 0x20)
        }
    }
}
