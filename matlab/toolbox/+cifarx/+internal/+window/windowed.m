function [rows, columns] = windowed(padded, window, stride, dilation)
%WINDOWED  Rows and columns at which a sliding window starts.
%
%   [ROWS, COLUMNS] = CIFARX.INTERNAL.WINDOW.WINDOWED(PADDED, WINDOW, STRIDE, DILATION) returns the
%   indices, from 0, of the upper left corners of all windows of size WINDOW = [h w] in maps of size
%   PADDED = [H W], with STRIDE and DILATION = [vertical horizontal].

last = padded - dilation .* (window - 1) - 1;
rows = 0:stride(1):last(1);
columns = 0:stride(2):last(2);
end
