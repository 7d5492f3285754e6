// SPDX-License-Identifier: MIT
// solhint-disable one-contract-per-file
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";

/// @title Sets its state where a proxy never sees it
contract UnsafeState is Initializable {
    uint256 public assigned = 1;
    address public immutable fixedInCode;

    constructor(address fixedInCode_) {
        fixedInCode = fixedInCode_;
    }
}

/// @title Counter's namespace with its variables swapped
contract ReorderedCounter is Initializable {
    /// The upgrade check tells implementations apart by their code.
    string public constant LAYOUT = "reordered";

    /// @custom:storage-location erc7201:holdfast.mocks.counter
    struct CounterStorage {
        address step;
        uint256 count;
    }
}

/// @title Counter's namespace with a variable more
contract AppendedCounter is Initializable {
    string public constant LAYOUT = "appended";

    /// @custom:storage-location erc7201:holdfast.mocks.counter
    struct CounterStorage {
        uint256 count;
        uint256 step;
        address owner;
    }
}
