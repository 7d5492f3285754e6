// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The parts of ERC-3009 (Transfer With Authorization) that the escrow calls
/// @dev https://eips.ethereum.org/EIPS/eip-3009. The `bytes` overload is that of FiatToken v2.2 (USDC, EURC), which
/// accepts ERC-1271 signatures.
interface IERC3009 {
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}
