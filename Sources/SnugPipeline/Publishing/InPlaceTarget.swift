// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem
import SystemPackage

/// The file that a fit in place replaces.
struct InPlaceTarget {
    /// The file itself: replacing a link to it would leave the file as it was.
    var path: FilePath
    /// Its permissions, which the new file takes over.
    var mode: UInt32

    init(of input: FilePath) throws(ImageError) {
        do throws(Errno) {
            mode = try FileIdentity(of: input, followsLinks: true).mode
        } catch {
            throw ImageError.system(error.rawValue, doing: "examine")
        }
        do throws(Errno) {
            path = try FileSystem.resolve(input)
        } catch {
            throw ImageError.system(error.rawValue, doing: "resolve")
        }
    }
}
