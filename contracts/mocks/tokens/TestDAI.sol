// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title A plain token of 18 decimals with ERC-2612, named after DAI; anybody may mint
contract TestDAI is ERC20, ERC20Permit {
    constructor() ERC20("Test DAI", "DAI") ERC20Permit("Test DAI") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
