// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugImage
import SnugSystem
import Testing

@testable import SnugServer

@Suite struct ServiceErrorTests {
    /// Every code of the engine, and whose fault it is: the client's are 4xx, this machine's 5xx.
    private static let statuses: [(ImageError.Code, Int)] = [
        (.emptyInput, 400), (.invalidArgument, 400), (.notAnImage, 415), (.unsupportedFormat, 415),
        (.unsupportedFeature, 415), (.corruptInput, 422), (.truncatedInput, 422), (.cannotFit, 422),
        (.limitExceeded, 413),
        (.memoryExceeded, 413), (.notFound, 500), (.permissionDenied, 500), (.notARegularFile, 500),
        (.inputChanged, 500),
        (.diskFull, 507), (.ioFailed, 500), (.codecFailed, 500),
    ]

    @Test("Each code of the engine has the status that follows the fault", arguments: statuses)
    func status(code: ImageError.Code, status: Int) {
        let error = ServiceError(ImageError(code, "m", details: ["n": .integer(1)]))
        #expect(error.status.code == status)
        #expect(error.json == ["error": .text(code.description), "message": "m", "details": ["n": 1]])
    }

    @Test("A remedy names the parameter that a client has", arguments: ImageError.Setting.allCases)
    func remedy(setting: ImageError.Setting) throws {
        let error = ServiceError(ImageError(.cannotFit, "too large; \(setting.remedy)", settings: [setting]))
        #expect(!error.message.contains(setting.remedy))
        if let parameter = setting.parameter {
            #expect(FitParameter.names.contains(parameter))
            #expect(error.message.contains("'\(parameter)'"))
        } else {
            #expect(error.message == "too large; send \(setting == .memory ? "or ask for " : "")a smaller image")
        }
        let trusted = ServiceError(
            ImageError(.limitExceeded, "too large; \(setting.remedy) if you trust the file", settings: [setting]))
        #expect(!trusted.message.contains("trust"))
    }
}
