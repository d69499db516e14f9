// SPDX-License-Identifier: Apache-2.0
import SnugImage

extension Checkup {
    /// The sandbox of decoder processes, and the libraries found there. Starts one, and blocks for some milliseconds.
    static func sandbox(of worker: DecoderWorker? = .ofThisProgram) -> [Checkup] {
        guard let worker else { return [] }
        do {
            return sandbox(try SandboxReport(of: worker))
        } catch {
            let message = (error as? ImageError)?.message ?? String(describing: error)
            return [
                Checkup(
                    name: "sandbox", state: .warn, value: message,
                    remedy: "HEIF, AVIF, TIFF and JPEG XL are refused until decoder processes can be started")
            ]
        }
    }

    static func sandbox(_ report: SandboxReport) -> [Checkup] {
        let inForce = report.inForce.joined(separator: ", ")
        var checks = [Checkup(name: "sandbox", state: .ok, value: inForce)]
        if !report.missing.isEmpty {
            checks[0].state = .warn
            checks[0].value = "without \(report.missing.joined(separator: ", "))"
            checks[0].remedy =
                "the kernel or the container refuses it, so HEIF, AVIF, TIFF and JPEG XL are refused, and all images by "
                + "'snug fit --isolate', the daemon and the service; allow seccomp, or use 'snug watch --no-isolate' and "
                + "'snug serve --no-isolate'"
        }
        checks += report.libraries.map { library in
            guard let version = library.version else {
                return Checkup(
                    name: library.name, state: .warn, value: "not installed: \(library.format) is refused",
                    remedy: "apt-get install \(library.package)")
            }
            return Checkup(name: library.name, state: .ok, value: "\(version), in decoder processes only")
        }
        return checks
    }
}
