// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The part of Uniswap's Permit2 that the escrow calls
/// @dev Deployed at 0x000000000022D473030F116dDEE9F6B43aC78BA3 on most chains.
interface IPermit2 {
    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    struct PermitTransferFrom {
        TokenPermissions permitted;
        uint256 nonce;
        uint256 deadline;
    }

    struct SignatureTransferDetails {
        address to;
        uint256 requestedAmount;
    }

    function permitWitnessTransferFrom(
        PermitTransferFrom calldata permit,
        SignatureTransferDetails calldata transferDetails,
        address owner,
        bytes32 witness,
        string calldata witnessTypeString,
        bytes calldata signature
    ) external;
}
