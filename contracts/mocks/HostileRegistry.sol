// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A compliance registry that misbehaves in every way we know of, whatever it is asked
contract HostileRegistry {
    enum Mode {
        FindsNothing,
        Reverts,
        ReturnsNothing,
        ReturnsOneWord,
        FindsUnknownReason,
        BurnsGas,
        ReturnBomb
    }

    error RegistryDown();

    Mode public mode;

    fallback() external {
        Mode current = mode;
        if (current == Mode.Reverts) revert RegistryDown();
        if (current == Mode.ReturnsNothing) _return(0, 0);
        if (current == Mode.ReturnsOneWord) _return(0, 32);
        if (current == Mode.FindsUnknownReason) _return(255, 96);
        if (current == Mode.ReturnBomb) _return(255, 300_000);
        if (current == Mode.BurnsGas) _burn();
        _return(0, 96);
    }

    function setMode(Mode newMode) external {
        mode = newMode;
    }

    function _return(uint256 word, uint256 size) private pure {
        assembly {
            mstore(0x00, word)
            mstore(0x20, 0)
            mstore(0x40, 0)
            return(0x00, size)
        }
    }

    function _burn() private pure {
        assembly {
            invalid()
        }
    }
}
