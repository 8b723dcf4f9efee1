function [rows, columns] = windowed(padded, window, stride, dilation)
%WINDOWED  Rows and columns that a sliding window starts from.
%
%   [ROWS, COLUMNS] = CIFARX.INTERNAL.WINDOW.WINDOWED(PADDED, WINDOW, STRIDE, DILATION)
%   gives the indices, counted from 0, of the upper left corners of all windows
%   of size WINDOW = [h w] in maps of size PADDED = [H W], STRIDE = [v h] apart,
%   with DILATION = [v h].

last = padded - dilation .* (window - 1) - 1;
rows = 0:stride(1):last(1);
columns = 0:stride(2):last(2);
end
