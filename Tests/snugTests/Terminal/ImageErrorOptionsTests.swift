// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage
import Testing

@testable import snug

/// How the command words the library's remedies.
@Suite struct ImageErrorOptionsTests {
    @Test("Every setting has an option of fit, and a remedy of the library's that names none")
    func everySettingHasAnOption() {
        let help = FitCommand.helpMessage(columns: 200)
        for setting in ImageError.Setting.allCases {
            #expect(help.contains(setting.option), "\(setting)")
            #expect(!setting.remedy.contains("-"), "\(setting)")
            #expect(setting.optionRemedy.contains(setting.option), "\(setting)")
        }
    }

    @Test("The remedy names the option, for each setting of the error", arguments: ImageError.Setting.allCases)
    func remedy(setting: ImageError.Setting) {
        let error = ImageError(.cannotFit, "is too large; \(setting.remedy) or give up", settings: [setting])
        #expect(error.namingOptions.message == "is too large; \(setting.optionRemedy) or give up")
        #expect(error.namingOptions.details.isEmpty)
    }

    @Test("An exceeded limit names its option in the details")
    func option() {
        let error = ImageError(
            .limitExceeded, "has 3 scans; \(ImageError.Setting.inputScans.remedy)", details: ["value": .integer(3)],
            settings: [.inputScans, .inputScanWork])
        #expect(
            error.namingOptions.details == ["value": .integer(3), "option": .text("--max-input-scans")])
    }

    @Test("An error without settings stays as it is")
    func untouched() {
        let error = ImageError(.corruptInput, "is damaged; raise the byte limit", details: ["offset": .integer(1)])
        #expect(error.namingOptions == error)
    }
}
