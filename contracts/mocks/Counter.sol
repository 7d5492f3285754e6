// SPDX-License-Identifier: MIT
// solhint-disable one-contract-per-file
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";

import {ISelfTest} from "../interfaces/ISelfTest.sol";

/// @title The smallest upgradeable contract worth upgrading: what upgrades and rollbacks are tested on
contract Counter is ISelfTest, Initializable {
    /// @custom:storage-location erc7201:holdfast.mocks.counter
    struct CounterStorage {
        uint256 count;
        // Appended by CounterV2.
        uint256 step;
    }

    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("holdfast.mocks.counter")) - 1)) & ~bytes32(uint256(0xff));

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor() {
        _disableInitializers();
    }

    function initialize(uint256 count_) external initializer {
        _storage().count = count_;
    }

    function increment() external virtual {
        ++_storage().count;
    }

    function count() external view returns (uint256) {
        return _storage().count;
    }

    function selfTest() external view virtual returns (bytes4) {
        return ISelfTest.selfTest.selector;
    }

    function version() external pure virtual returns (string memory) {
        return "1.0.0";
    }

    function _storage() internal pure returns (CounterStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}

/// @title Counts in steps, and can call out during its upgrade
contract CounterV2 is Counter {
    function initializeV2(uint256 step_) external reinitializer(2) {
        _storage().step = step_;
    }

    /// @dev What an upgrade's data can be made to do: calls anything, and fails as it fails.
    function callOut(address target, bytes calldata data) external {
        // solhint-disable-next-line avoid-low-level-calls
        (bool success, bytes memory answer) = target.call(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    function increment() external override {
        _storage().count += _storage().step;
    }

    function step() external view returns (uint256) {
        return _storage().step;
    }

    function version() external pure virtual override returns (string memory) {
        return "2.0.0";
    }
}

/// @title The second attempt after CounterV2 was rolled back, with an initializer of its own number
contract CounterV2b is CounterV2 {
    function initializeV3(uint256 step_) external reinitializer(3) {
        _storage().step = step_;
    }

    function version() external pure override returns (string memory) {
        return "2.1.0";
    }
}

/// @title Creates a contract while its proxy is under construction, which shifts the ProxyAdmin's address
contract CreatingCounter is Counter {
    function initializeAndCreate() external initializer {
        new Counter();
    }
}
