// SPDX-License-Identifier: GPL-2.0
/*
 * What a build for the tests does wrong: parameters of the module.
 */

#include <linux/module.h>

#include "mutant.h"

unsigned int xha_mutant;
module_param_named(mutant, xha_mutant, uint, 0444);
MODULE_PARM_DESC(mutant, "for tests: the fault to have (mutant.h), 0: none");

unsigned int xha_apply_delay_ms;
module_param_named(apply_delay, xha_apply_delay_ms, uint, 0444);
MODULE_PARM_DESC(apply_delay, "for tests: ms that every install takes longer");
