// The layout of ABI v1 as the compiler of this build sees it: compiled or not, there is nothing to
// run.
#include "../../plugin-api/abi/layout_v1.inc"
