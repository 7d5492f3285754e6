// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Emits any log, so that the indexer can be shown events that the suite would not emit, or not so fast
contract LogEmitter {
    struct Log {
        bytes32[] topics;
        bytes data;
    }

    /// @notice A log of this many topics is not what a Solidity event makes.
    error UnsupportedTopicCount(uint256 count);

    function emitLogs(Log[] calldata logs) external {
        for (uint256 i = 0; i < logs.length; ++i) {
            _emit(logs[i].topics, logs[i].data);
        }
    }

    function _emit(bytes32[] calldata topics, bytes memory data) private {
        uint256 count = topics.length;
        if (count == 0 || count > 4) revert UnsupportedTopicCount(count);
        bytes32[4] memory topic;
        for (uint256 i = 0; i < count; ++i) topic[i] = topics[i];
        assembly ("memory-safe") {
            let start := add(data, 0x20)
            let size := mload(data)
            let t0 := mload(topic)
            let t1 := mload(add(topic, 0x20))
            let t2 := mload(add(topic, 0x40))
            let t3 := mload(add(topic, 0x60))
            switch count
            case 1 {
                log1(start, size, t0)
            }
            case 2 {
                log2(start, size, t0, t1)
            }
            case 3 {
                log3(start, size, t0, t1, t2)
            }
            case 4 {
                log4(start, size, t0, t1, t2, t3)
            }
        }
    }
}
