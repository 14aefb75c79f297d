/// processor.h - how wide this machine's registers are.
///
/// The core is built up to three times from the same sources (see CMakeLists.txt). This says which
/// build the processor can run, so that the binding loads the widest.
#pragma once

/// @return 4: x86-64-v4 with AVX512-VBMI, GFNI and VPCLMULQDQ; 3: x86-64-v3 (AVX2, BMI2, FMA);
///         0: anything else, on which the portable build runs.
int host_processor_level(void);
