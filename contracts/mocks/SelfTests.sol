// SPDX-License-Identifier: MIT
// solhint-disable one-contract-per-file
pragma solidity 0.8.37;

import {ISelfTest} from "../interfaces/ISelfTest.sol";
import {Counter} from "./Counter.sol";

/// @title Says what is wrong with it
contract FailingSelfTest is Counter {
    error StorageDamaged(uint256 slot);

    function selfTest() external pure override returns (bytes4) {
        revert StorageDamaged(7);
    }
}

/// @title Answers, but with something else than the magic value
contract WrongMagicSelfTest is Counter {
    function selfTest() external pure override returns (bytes4) {
        return 0xffffffff;
    }
}

/// @title Hides bytes behind the magic value, which a clean `bytes4` never has
contract DirtyMagicSelfTest is Counter {
    function selfTest() external pure override returns (bytes4) {
        bytes32 dirty = bytes32(ISelfTest.selfTest.selector) | bytes32(uint256(1));
        assembly ("memory-safe") {
            mstore(0x00, dirty)
            return(0x00, 0x20)
        }
    }
}

/// @title Answers with fewer bytes than a word
contract ShortSelfTest is Counter {
    function selfTest() external pure override returns (bytes4) {
        bytes32 magic = bytes32(ISelfTest.selfTest.selector);
        assembly ("memory-safe") {
            mstore(0x00, magic)
            return(0x00, 0x04)
        }
    }
}

/// @title Reverts with a megabyte
contract ReturnBombSelfTest is Counter {
    function selfTest() external pure override returns (bytes4) {
        assembly {
            revert(0x00, 1000000)
        }
    }
}

/// @title Tries to repair its storage while it is judged
contract WritingSelfTest is Counter {
    function selfTest() external view override returns (bytes4) {
        return _asView(_repair)();
    }

    function _repair() private returns (bytes4) {
        _storage().count = 0;
        return ISelfTest.selfTest.selector;
    }

    function _asView(
        function() internal returns (bytes4) writes
    ) private pure returns (function() internal view returns (bytes4) reads) {
        assembly ("memory-safe") {
            reads := writes
        }
    }
}

/// @title Accepts every call and answers nothing: an old wallet, a token vault, anything with an open fallback
contract AcceptsEverything {
    fallback() external {}
}
