// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title A contract wallet that both owners sign for (ERC-1271): 130 bytes, the first owner's signature first
contract MockTwoOwnerWallet is IERC1271 {
    address public immutable first;
    address public immutable second;

    constructor(address first_, address second_) {
        (first, second) = (first_, second_);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        bool signed =
            signature.length == 130 &&
                SignatureChecker.isValidSignatureNowCalldata(first, hash, signature[:65]) &&
                SignatureChecker.isValidSignatureNowCalldata(second, hash, signature[65:]);
        return signed ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
