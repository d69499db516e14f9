// SPDX-License-Identifier: Apache-2.0
import CKernels

/// An instruction set that the inner loops are written for; all of them give the same bytes.
typealias KernelLevel = snug_kernel_level

extension snug_kernel_level {
    /// The fastest that this processor runs, asked once.
    static let best = snug_kernel_best_level()
}
