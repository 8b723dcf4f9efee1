classdef CifarxTest < matlab.unittest.TestCase
    %CIFARXTEST  Run the test functions of this folder with MATLAB's own test runner.
    %
    %   RUNTESTS('CifarxTest') runs each of them as one parameterized test.
    %
    %   See also runCifarxTests.

    properties (TestParameter)
        name = testNames()
    end

    methods (TestClassSetup)

        function addToolbox(testCase)
            here = fileparts(mfilename('fullpath'));
            toolbox = fullfile(fileparts(here), 'toolbox');
            testCase.applyFixture(matlab.unittest.fixtures.PathFixture({here, toolbox}));
        end

    end

    methods (Test)

        function passes(testCase, name)
            test = str2func(name);
            try
                test();
            catch reason
                testCase.assumeNotEqual(reason.identifier, 'cifarx:test:skipped', reason.message);
                rethrow(reason);
            end
        end

    end
end
