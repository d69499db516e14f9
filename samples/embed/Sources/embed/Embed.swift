// SPDX-License-Identifier: Apache-2.0
import SnugImage

/// Fits one file under a limit and says what became of it: `embed FILE BYTES`.
@main
struct Embed {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let limit = Int(arguments[2]) else {
            print("usage: embed FILE BYTES")
            return
        }
        let source = try ImageSource(file: .init(arguments[1]))
        let fitter = ImageFitter()
        let image = try await fitter.fit(source, limits: Limits(byteLimit: limit))
        print("\(image.status): \(source.byteCount) → \(image.byteCount) bytes, \(image.width)×\(image.height)")
    }
}
