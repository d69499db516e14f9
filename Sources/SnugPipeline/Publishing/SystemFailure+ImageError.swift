// SPDX-License-Identifier: Apache-2.0
package import SnugImage
package import SnugSystem
import SystemPackage

extension ImageError {
    /// A failed system call, with the reason and the remedy.
    package init(_ failure: SystemFailure) {
        self.init(
            ImageError.system(failure.reason.rawValue, doing: failure.doing).code, "\(failure); \(failure.remedy)",
            details: ["errno": .integer(Int(failure.reason.rawValue))])
    }
}
